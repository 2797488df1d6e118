"""schemathesis against our own OpenAPI document: no answer is a failure of the server, and all are as documented."""
import os
import subprocess
import sys
import tempfile

from serving import serving

if __name__ == "__main__":
    schemathesis = os.path.join(os.path.dirname(sys.executable), "schemathesis")
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    flags = ["--checks", checks, "--max-examples", os.environ.get("EXAMPLES", "40"), "--seed", "1"]
    flags += ["--request-timeout", "10", "--suppress-health-check", "all", "--generation-database", "none"]
    # The module is looked for beside this file, whose folder is on the path.
    here = os.path.dirname(os.path.abspath(__file__))
    environment = {**os.environ, "PYTHONPATH": here, "SCHEMATHESIS_HOOKS": "schemathesis_hooks"}
    with serving() as server:
        subprocess.run([schemathesis, "run", f"{server.url}/openapi.json", *flags], check=True, cwd=tempfile.gettempdir(), env=environment)
