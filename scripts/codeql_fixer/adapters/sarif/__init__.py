"""The SARIF reader: any tool's SARIF 2.1.0 becomes findings."""
