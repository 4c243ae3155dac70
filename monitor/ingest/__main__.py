"""`python -m monitor.ingest --port 8001`"""

from monitor.ingest.server import main

main()
