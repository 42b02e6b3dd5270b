"""Calibration and evaluation samples: from the demo, tables, COCO captions, VQA questions, and datasets."""
