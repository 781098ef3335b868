DROP TABLE feed_tokens;
DROP TABLE public_summaries;
