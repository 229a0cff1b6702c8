-- What `detail` says of why calls turned elsewhere. The SQLite file of the same number says the same thing.

-- A NUL, which a model's name may have and which PostgreSQL reads in no JSON, is made U+FFFD before it is read. A backslash
-- that is escaped begins no escape.
UPDATE calls SET fallback = CAST(
    CASE WHEN strpos(detail, '\u0000') > 0
        THEN regexp_replace(detail, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')
        ELSE detail
    END AS json) ->> 'fallback'
WHERE attempts > 1 AND detail LIKE '%"fallback":%';
