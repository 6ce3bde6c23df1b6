"""Starts nginx with a configuration, and stops it again."""

import getpass
import grp
import os
import pathlib
import socket
import subprocess

CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
error_log stderr {level};
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{sites}
}}
"""


class Nginx:
    """A running nginx.

    The `listeners` are bound and listen before it starts, so that no time is spent on waiting for it. `sites` are its
    servers; each listens on the address of one of the listeners.
    """

    def __init__(
        self, program: str, folder: pathlib.Path, listeners: list[socket.socket], sites: str, level: str = "warn"
    ) -> None:
        # Root's nginx would change to a user who may not enter the folder; that of other users cannot change at all.
        user = f"user {getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name};" if os.geteuid() == 0 else ""
        text = CONFIGURATION.format(folder=folder, user=user, sites=sites, level=level)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        command = [program, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
        numbers = [listener.fileno() for listener in listeners]
        # How nginx hands its sockets to a new binary.
        environment = os.environ | {"NGINX": "".join(f"{number};" for number in numbers)}
        self.process = subprocess.Popen(command, pass_fds=numbers, env=environment)

    def __enter__(self) -> "Nginx":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
