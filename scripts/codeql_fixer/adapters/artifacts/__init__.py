"""The output directory: issues, batches, prompts, the scan-run record and a summary."""
