-- An account for the API on MySQL or MariaDB: it has no right but to read one database, that of the collections. What
-- the server lets everybody do it may do too, such as take named locks.
--
-- The database should hold the collections alone: the account reads every table and view in it, also those that later
-- contracts add. Run it as an administrator, from the folder of the repository, with names and a password of your own:
--
--     mysql> SET @database = 'shop', @reader = 'vitrine_reader', @password = '...';
--     mysql> SOURCE docs/roles/mysql.sql
--
-- Then give the API, and only it, VITRINE_COLLECTIONS=mysql://vitrine_reader:...@host:3306/shop
-- Run again, it sets the password and the rights anew.
--
-- The writer, the account of the Airflow tasks, needs these rights, and no other:
--
--     GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, CREATE VIEW ON `shop`.* TO 'vitrine'@'%';

SET @account = CONCAT(QUOTE(@reader), '@', QUOTE('%'));

SET @statement = CONCAT('CREATE USER IF NOT EXISTS ', @account);
PREPARE statement FROM @statement;
EXECUTE statement;

SET @statement = CONCAT('ALTER USER ', @account, ' IDENTIFIED BY ', QUOTE(@password));
PREPARE statement FROM @statement;
EXECUTE statement;

SET @statement = CONCAT('REVOKE ALL PRIVILEGES, GRANT OPTION FROM ', @account);
PREPARE statement FROM @statement;
EXECUTE statement;

-- In a grant, _ stands for any character and % for any number of them, unless they are escaped.
SET @pattern = REPLACE(REPLACE(REPLACE(@database, '`', '``'), '_', '\\_'), '%', '\\%');
SET @statement = CONCAT('GRANT SELECT ON `', @pattern, '`.* TO ', @account);
PREPARE statement FROM @statement;
EXECUTE statement;

DEALLOCATE PREPARE statement;
SET @password = NULL, @statement = NULL;
