"""Tasks that change an endpoint: endpoint update and endpoint rollback share them."""
