"""The files of a small valid store, for tests to spoil."""

from pathlib import Path

TOML = """\
contract = 1
store_id = "corner-1"
currency = "USD"
timezone = "America/Los_Angeles"
handover = "holder"
colour = "a key on top is ignored"

[floor]
outline = [[0.0, 0.0], [6, 0.0], [6.0, 4.0], [0.0, 4.0]]

[[fixture]]
id = "G1"
outline = [[1.0, 1.0], [2.2, 1.0], [2.2, 1.5]]
height = 1.9

[[gate]]
id = "door"
kind = "both"
line = [[0.0, 1.0], [0.0, 2.2]]

[[camera]]
id = "cam-01"
kind = "image"
size = [1280, 720]
K = [900.0, 900.0, 640.0, 360.0]
dist = [0.0, 0.0, 0.0, 0.0, 0.0]
R = [1,0,0, 0,-1,0, 0,0,-1]
T = [0.0, 0.0, 3.0]
fps = 15

[[cart]]
id = "cart-07"

[[portal]]
id = "exit-rfid"
gate = "door"

[tax]
grocery = 0.0
general = 0.0825
"""
PLATES = """\
plate,gondola,shelf,controller,channel,x,y,z,yaw,width,depth,capacity_g
P1,G1,S1,ctl,0,1.5,1.2,0.5,0.0,0.1016,0.4064,20000
P2,G1,S1,ctl,1,1.6,1.2,0.5,0.0,0.1016,0.4064,20000
"""
PRODUCTS = """\
sku,name,price,unit,mass_g,mass_sd_g,category,tax_class,snap,min_age,epc_prefix
0123,"Cola, 12 oz",199,each,355,1.5,drink,grocery,true,,3034FD
4011,Banana,149,kg,118,12,produce,grocery,true,,
099,Ale,599,each,500,2,drink,general,false,21,
"""
PLANOGRAM = """\
facing,sku,plates,qty
F1,0123,P1 P2,6
F2,4011,P2,10
"""
FILES = {
    "store.toml": TOML,
    "plates.csv": PLATES,
    "products.csv": PRODUCTS,
    "planogram.csv": PLANOGRAM,
}


def write(folder: Path, **changed: str) -> Path:
    """Write the example store; changed holds file texts by stem."""
    folder.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(changed.get(Path(name).stem, text), encoding="utf-8")
    return folder
