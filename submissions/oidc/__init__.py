"""Identity tokens of CI services: who signs them, with what keys, and what they say of the job that holds one."""
