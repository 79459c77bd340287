"""Selection of a batch's images: listing of `incoming/`, ledger of processed images, screening."""
