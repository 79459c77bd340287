"""Operations on endpoints and endpoint configurations, and InvokeEndpoint."""
