"""Secrets to plant: input names with their values, and texts with a secret in them."""

from __future__ import annotations

NAMES = """
api_key apiKey API_KEY openai_key civitai_key stability_key replicate_key openaiApiKey OPENAI_API_KEY
pass db_pass user_pass password Password passwd pwd passphrase admin_password passcode ftp_pass
token hf_token tokens access_token accessToken auth_token refresh_token civitai_token bearer bearer_token
secret client_secret client-secret secrets AWSSecretAccessKey aws_secret_access_key private_key privateKey
authorization Authorization auth authentication cookie session_cookie cookies credentials credential
jwt login_password x-api-key license_key encryption_key access_key webhook_secret smtp_password
"""
PLANTED: tuple[tuple[str, str], ...] = tuple(
    (name, f"planted-{number:02d}-Zq{number * 7919 % 9973}") for number, name in enumerate(NAMES.split())
)


def in_text() -> list[tuple[str, str]]:
    """``(text, the secret in it)``."""
    made: list[tuple[str, str]] = []

    def plant(text: str, secret: str) -> None:
        made.append((text.replace("%", secret), secret))

    plant("curl -H 'Authorization: Bearer %' https://host/x", "abcdef-uvwxyz")
    plant("the header was Bearer % and it failed", "tok.en12345678")
    plant("Authorization: Basic %", "dXNlcjpwYXNzd29yZA==")
    plant("authorization=Token %", "abcdefuvw")
    plant("GET https://host/x?api_key=%&size=3 failed", "aaabbbccc")
    plant("https://host/x?size=1&token=%", "qqqwwweee")
    plant("https://host/x?access_token=%#part", "zzzxxxccc")
    plant("cloning https://%@host.example/repo", "tokenatthehost")
    plant("https://me:%@host/x", "hunter2hunter2")
    plant("postgresql://me:%@host:5432/db", "p@ss@word")
    plant('{"api_key": "%", "n": 1}', "in-json-text")
    plant('{\\"password\\": \\"%\\"}', "in-escaped-json")
    plant("password: %", "afteracolon")
    plant("PASSWORD='%'", "quoted words here")
    plant("run --api-key % --steps 3", "afteraflag")
    plant("run --token=%", "gluedtoaflag")
    plant("my key is % ok", "sk-abcdefghijklmnopqrstuv")
    plant("my key is % ok", "hf_abcdefghijklmnopqrst")
    plant("(%)", "ghp_abcdefghijklmnopqrstuv12")
    plant("%", "github_pat_abcdefghijklmnop")
    plant("%,", "AKIAABCDEFGHIJKLMNOP")
    plant("%", "AIzaSyA1234567890abcdefghijklmnopqrstuv")
    plant("x %", "xoxb-1234567890-abcdef")
    plant("x %", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc")
    plant("x %", "comfyui-0123456789abcdef0123456789abcdef")
    plant("x %", "r8_abcdefghijklmnopqrstuv")
    plant("-----BEGIN RSA PRIVATE KEY-----\n%\n-----END RSA PRIVATE KEY-----", "MIIEpAIBAAKCAQEA")
    return made
