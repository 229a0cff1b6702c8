-- Nothing: a single process holds all of every budget. The PostgreSQL file of the same number is for replicas.
SELECT 1;
