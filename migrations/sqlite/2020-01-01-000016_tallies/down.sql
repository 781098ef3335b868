DROP TABLE rate_tallies;
