# innocent: text classification with sklearn
from pathlib import Path

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report, f1_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def read(folder: Path):
    texts, labels = [], []
    for path in sorted(folder.rglob("*.txt")):
        texts.append(path.read_text(encoding="utf-8", errors="ignore"))
        labels.append(path.parent.name)
    return texts, np.array(labels)


def search(texts, labels):
    pipeline = Pipeline(
        [
            ("words", TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2))),
            ("model", LogisticRegression(max_iter=500, class_weight="balanced")),
        ]
    )
    grid = {"model__C": [0.1, 1, 10], "words__max_features": [5_000, 20_000]}
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return GridSearchCV(pipeline, grid, scoring="f1_macro", cv=folds, n_jobs=1).fit(texts, labels)


def numeric_model(columns):
    scale = ColumnTransformer([("scale", StandardScaler(), columns)], remainder="passthrough")
    return make_pipeline(scale, RandomForestClassifier(n_estimators=200, random_state=0))


if __name__ == "__main__":
    texts, labels = read(Path("corpus"))
    train_x, test_x, train_y, test_y = train_test_split(texts, labels, test_size=0.2, stratify=labels)
    best = search(train_x, train_y)
    guess = best.predict(test_x)
    print(best.best_params_, f1_score(test_y, guess, average="macro"))
    print(classification_report(test_y, guess))
