"""Where the deploy-hook tells an outcome, on this machine."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from infra.local.processes import LOOPBACK


class Outcome(BaseHTTPRequestHandler):
    """One outcome that is told: CloudFormation's are put, CodeDeploy's are posted."""

    def do_PUT(self):
        """Takes it."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        # CodeDeploy writes its names with a small letter first where its event has a capital one.
        self.server.told.append({name[0].upper() + name[1:]: value for name, value in body.items()})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_PUT

    def log_message(self, *_):
        """Keeps the server's own log off the terminal."""


class Receiver(HTTPServer):
    """Stands where outcomes are told, from now on, and keeps them."""

    def __init__(self, host=LOOPBACK):
        super().__init__((host, 0), Outcome)
        self.url = f"http://{host}:{self.server_port}/"
        self.told = []
        threading.Thread(target=self.serve_forever, daemon=True).start()
