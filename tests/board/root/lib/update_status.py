"""What `ostree admin status` prints when / is the booted deployment."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from update_world import World  # noqa: E402

world = World()
seen, behind = False, False
for one in world.deployments():
    booted = one["name"] == world.booted()
    mark = "" if booted else " (pending)" if not seen else " (rollback)" if not behind else ""
    print(f"{'*' if booted else ' '} lmp {one['commit']}.{one['serial']}{mark}")
    print(f"    Version: {world.version_of(one['dir'])}\n    origin refspec: {one['commit']}")
    behind = behind or (seen and not booted)
    seen = seen or booted
