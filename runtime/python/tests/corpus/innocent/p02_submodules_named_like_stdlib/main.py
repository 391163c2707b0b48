# innocent: submodules, imported relatively, that share names with forbidden modules
from bench import report
from bench.code import CodeBlock
from bench.profile import Profile


def main():
    profile = Profile("small")
    profile.add(CodeBlock("print(1)", language="python"))
    print(report(profile))


if __name__ == "__main__":
    main()
