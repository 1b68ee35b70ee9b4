"""Sign-in through Airflow's auth manager: short-lived access tokens, rotating refresh tokens, throttling."""
