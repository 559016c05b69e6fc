"""Compose apps as Foundries' CI packs them: apps/<app>/<sha>/, blobs/sha256/."""
import gzip
import hashlib
import io
import json
import os
import tarfile

HOST = "hub.foundries.io"


def digest(data):
    return hashlib.sha256(data).hexdigest()


def archive(name, text):
    """A .tgz with one file, the same bytes every time."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    return gzip.compress(raw.getvalue(), mtime=0)


class App:
    """One app of one version: its URI, and its files below apps/."""

    def __init__(self, name, version, factory):
        self.name, self.files = name, {}
        image = f"{HOST}/{factory}/{name}-image"
        layer = archive("layer", f"{name} {version}\n".encode() * 2000)
        config = json.dumps({"architecture": "arm64", "os": "linux", "created": version}).encode()
        manifest = json.dumps({"schemaVersion": 2, "config": {"digest": "sha256:" + digest(config), "size": len(config)},
                               "layers": [{"digest": "sha256:" + digest(layer), "size": len(layer)}]}).encode()
        compose = f"services:\n  {name}:\n    image: {image}@sha256:{digest(manifest)}\n".encode()
        bundle = archive("docker-compose.yml", compose)
        app = json.dumps({"schemaVersion": 2, "annotations": {"compose-app": "v1"},
                          "layers": [{"digest": "sha256:" + digest(bundle), "size": len(bundle)}]}).encode()
        self.sha = digest(app)
        self.uri = f"{HOST}/{factory}/{name}@sha256:{self.sha}"
        index = {"schemaVersion": 2, "manifests": [{"digest": "sha256:" + digest(manifest), "size": len(manifest),
                                                     "mediaType": "application/vnd.oci.image.manifest.v1+json"}]}
        folder, store = f"apps/{name}/{self.sha}", f"{HOST}/{factory}/{name}-image/{digest(manifest)}"
        self.files = {f"{folder}/uri": self.uri.encode(), f"{folder}/manifest.json": app,
                      f"{folder}/{digest(bundle)}.tgz": bundle, f"{folder}/docker-compose.yml": compose,
                      f"{folder}/images/{store}/index.json": json.dumps(index).encode(),
                      f"{folder}/images/{store}/oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
        for blob in (layer, config, manifest):
            self.files["blobs/sha256/" + digest(blob)] = blob

    def write(self, folder):
        for name, data in self.files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(data)
