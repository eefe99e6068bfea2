"""The container engine: where its containers find this machine, and which of them are ours."""

import ipaddress
import json
import subprocess

from infra.local.processes import free_port
from infra.local.progress import Trouble


def engines_host(goal):
    """Returns the address of this machine that containers reach."""
    networks = json.loads(docker("network", "inspect", "bridge") or "[]")
    if not networks:
        raise Trouble(f"No container engine answers: start Docker, then make {goal} again.")
    for config in networks[0]["IPAM"]["Config"]:
        subnet = ipaddress.ip_network(config["Subnet"])
        if subnet.version == 4:
            # Docker may leave the gateway out: it is the network's first address then.
            return own(config.get("Gateway", str(subnet[1])))
    raise Trouble("Docker's network `bridge` has no IPv4 addresses.")


def own(host):
    """Returns an address if it is one of this machine's own."""
    try:
        free_port(host)
    except OSError:
        reason = f"Containers reach {host}, which is not this machine: this needs Docker Engine on Linux."
        raise Trouble(reason) from None
    return host


def docker(*arguments):
    """Asks the container engine, and returns what it prints; nothing where there is none."""
    try:
        return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""


def remove_containers(folder):
    """Removes the containers of sam commands that were killed: the functions in them lie in the folder."""
    for line in docker("ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Mounts}}").splitlines():
        container, _, mounts = line.partition(" ")
        if f"{folder}/" in mounts:
            docker("rm", "--force", container)
