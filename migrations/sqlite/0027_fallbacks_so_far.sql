-- What `detail` says of why calls turned elsewhere. The PostgreSQL file of the same number says the same thing.

UPDATE calls SET fallback = json_extract(detail, '$.fallback') WHERE attempts > 1 AND detail LIKE '%"fallback":%';
