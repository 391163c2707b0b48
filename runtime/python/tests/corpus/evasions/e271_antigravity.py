# expect: py.process, py.import
# tries: starts a web browser on import
import webbrowser

webbrowser.register("x", None, webbrowser.GenericBrowser(["echo", "PWNED"]))
webbrowser.get("x").open("")
