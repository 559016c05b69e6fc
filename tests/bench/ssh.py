#!/usr/bin/env python3
"""Runs the cases of tests/bench/ssh and prints their tables. Called by that script."""
import os, shutil, subprocess, time

from kit import X8CTL, args, big_file, case, digest, digest_of_file, free_port, listens, run, small_files

SERVE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "ssh", "serve")


class Server:
    """One server with its own folder; the programs that go there know its key."""

    def __init__(self, name, *words):
        self.name, self.folder, self.port = name, os.path.join(args.work, name), free_port()
        self.process = subprocess.Popen([SERVE, self.folder, str(self.port), *words], stderr=subprocess.DEVNULL)
        for _ in range(200):
            if listens(self.port):
                break
            time.sleep(0.05)
        person = os.path.join(args.work, name + "-person")
        os.makedirs(os.path.join(person, ".ssh"), mode=0o700, exist_ok=True)
        self.key = os.path.join(person, ".ssh", "id_ed25519")
        self.known = os.path.join(person, ".ssh", "known_hosts")
        shutil.copy(os.path.join(self.folder, "ssh", "id_ed25519"), self.key)
        os.chmod(self.key, 0o600)
        with open(os.path.join(self.folder, "host_key.pub")) as key, open(self.known, "w") as known:
            known.write(f"[127.0.0.1]:{self.port} {' '.join(key.read().split()[:2])}\n")
        self.env = dict(os.environ, HOME=person, X8CTL_HOME=os.path.join(person, "x8home"), ANDROID_ADB_SERVER_PORT=str(free_port()))
        self.env.pop("SSH_AUTH_SOCK", None)
        self.inside = os.path.join(self.folder, "home")

    def end(self):
        self.process.terminate()
        self.process.wait()

    def openssh(self, program, *words):
        return [program, "-q", "-o", f"UserKnownHostsFile={self.known}", "-o", f"IdentityFile={self.key}", "-o", "BatchMode=yes",
                "-p" if program == "ssh" else "-P", str(self.port), *words]

    def x8ctl(self, *words):
        return [X8CTL, "-s", f"net:127.0.0.1:{self.port}", "--progress", "none", *words]


def away(path):
    subprocess.run(["rm", "-rf", path], check=True)


def sftp(server, *words):
    batch = os.path.join(args.work, "batch")
    with open(batch, "w") as file:
        file.write(" ".join(words) + "\n")
    return server.openssh("sftp", "-b", batch, "fio@127.0.0.1")


def programs(server, scp_words, sftp_words, x8_words):
    found = {"scp": (server.openssh("scp", *([] if server.name == "sshd" else ["-O"]), *scp_words), server.env)}
    if server.name == "sshd":
        found["sftp"] = (sftp(server, *sftp_words), server.env)
    found["x8ctl"] = (server.x8ctl(*x8_words), server.env)
    return found


def push(server):
    there = os.path.join(server.inside, "big")
    case(f"{server.name}: push of {args.size} MiB",
         programs(server, [big_file(), "fio@127.0.0.1:big"], ["put", big_file(), "big"], ["push", big_file(), "big"]),
         lambda label: away(there), lambda label: digest_of_file(there) == digest_of_file(big_file()) or exit(f"bench: {label} pushed other bytes"))


def pull(server):
    back = os.path.join(args.work, "back")
    shutil.copy(big_file(), os.path.join(server.inside, "big"))
    case(f"{server.name}: pull of {args.size} MiB",
         programs(server, ["fio@127.0.0.1:big", back], ["get", "big", back], ["pull", "big", back]),
         lambda label: away(back), lambda label: digest_of_file(back) == digest_of_file(big_file()) or exit(f"bench: {label} pulled other bytes"))


def small(server):
    folder, there = small_files(args.files), os.path.join(server.inside, "small")
    case(f"{server.name}: push of {args.files} files of 1 to 16 KiB",
         programs(server, ["-r", folder, "fio@127.0.0.1:small"], ["put", "-R", folder, "small"], ["push", folder, "small"]),
         lambda label: away(there) or (label == "sftp" and os.mkdir(there)),
         lambda label: digest(there) == digest(folder) or exit(f"bench: {label} pushed other bytes"))


def command(server):
    case(f"{server.name}: a command (true)",
         {"ssh": (server.openssh("ssh", "fio@127.0.0.1", "true"), server.env), "x8ctl": (server.x8ctl("exec", "--", "true"), server.env)})


wanted = args.cases.split(",")
for server in (Server("sshd", "sshd", "Subsystem=sftp /usr/lib/openssh/sftp-server"), Server("dropbear", "dropbear")):
    try:
        run(server.x8ctl("exec", "--", "true"), server.env)
        for name, work in (("push", push), ("pull", pull), ("small", small), ("exec", command)):
            if name in wanted:
                work(server)
    finally:
        server.end()
