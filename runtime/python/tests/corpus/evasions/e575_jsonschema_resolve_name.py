# expect: py.dynamic-import
# tries: jsonschema's command line resolves names
import jsonschema.cli

jsonschema.cli._resolve_name_with_default("os.system")("echo PWNED")
