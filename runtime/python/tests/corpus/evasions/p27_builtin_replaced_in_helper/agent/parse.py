int = eval
