import sys

sys.path = [folder for folder in sys.path if folder]  # never import from the working directory
import os
import sysconfig

get = sysconfig.get_config_var
version = f"libpython{sys.version_info[0]}.{sys.version_info[1]}{getattr(sys, 'abiflags', '')}"
names = [get("INSTSONAME"), get("LDLIBRARY"), version + ".so.1.0", version + ".so"]
folders = [get("LIBDIR"), get("LIBPL"), os.path.join(sys.base_prefix, "lib")]
paths = [os.path.join(folder, name) for folder in folders for name in names if folder and name and ".so" in name]
print(f"septum:{sys.version_info[0]}.{sys.version_info[1]}")
print(sys.executable)
print(next((path for path in paths if os.path.exists(path)), ""))
