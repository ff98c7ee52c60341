import sys

from vernier.cli import main

sys.exit(main())
