"""What is kept on disk: the journal, the board, the outbox, accounts; and history beside them."""
