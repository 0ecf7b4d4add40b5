"""The composition root of the DICOM receiver."""

from services.ingest.clients import SERVICE, UploadClient
from services.ingest.dicom_receiver.listener import DicomListener
from services.ingest.dicom_receiver.settings import DicomReceiverSettings
from services.ingest.dicom_receiver.storing import Storing
from services.shared.deployable import Deployable
from services.shared.identity import Tokens
from services.shared.rpc.client import RpcClient

NAME = "dicom-receiver"


async def build(settings: DicomReceiverSettings) -> Deployable:
    """Return the receiver, not yet started."""
    rpc = RpcClient(settings.ingest_address, SERVICE, tokens=Tokens(settings.identity, issuer=NAME))
    storing = Storing(UploadClient(rpc), settings.departments, settings.dataset)
    receiver = Deployable(NAME, DicomListener(settings, storing))
    receiver.on_close(rpc.close)
    receiver.check("ingest", rpc.ping)
    return receiver
