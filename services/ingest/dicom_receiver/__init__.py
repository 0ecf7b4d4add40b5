"""The DICOM receiver: an optional process of ingest that carts and archives send ECGs to by C-STORE.

Serves C-ECHO and C-STORE over DICOM's own protocol (PS3.8), with TLS where certificates are given. Stores nothing
itself: each object goes to ingest by the same upload as every file, on behalf of the department that its sender's AE
title stands for, and is answered once it is durable.
"""
