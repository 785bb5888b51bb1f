#!/usr/bin/env bash
# Made signatures.json: signatures by openssl alone, so that what reads them shares no code with
# what wrote them. Made once; running it again makes another key and other signatures.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
base64url() { base64 -w0 | tr '+/' '-_' | tr -d '='; }
json() { node -e 'console.log(JSON.stringify(require("node:fs").readFileSync(0, "utf8")))'; }

# Bytes that another serializer would write otherwise.
bet='{ "user":"vector", "currency":"USD","amount":1.0e1,"transaction_uuid":"16d2dcfe-b89e-11e7-854a-58404eea6d16","request_uuid":"583c985f-fee6-4c0e-bbf5-308aad6265af"}'
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$folder/rsa.pem"
openssl pkey -in "$folder/rsa.pem" -pubout -out "$folder/rsa.pub"
rsa=$(printf %s "$bet" | openssl dgst -sha256 -sign "$folder/rsa.pem" -binary | base64 -w0)

hook='{"event_id":"evt_1","type":"payment.succeeded","payment_id":"pay_none","amount":5}'
hook_key=c2VjcmV0IG9mIHRoZSB2ZWN0b3JzLCAzMiBieXRlcyE=
hook_hex=$(printf %s "$hook_key" | base64 -d | od -An -tx1 | tr -d ' \n')
hook_time=1790000000
hmac=$(printf 'evt_1.%s.%s' "$hook_time" "$hook" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$hook_hex" -binary | base64 -w0)

jwt_secret='a secret of the vectors that has more than 32 bytes'
head=$(printf %s '{"alg":"HS256","typ":"JWT"}' | base64url)
claims=$(printf %s '{"sub":"vector","iat":1790000000,"exp":4102444800,"jti":"vector-1"}' | base64url)
seal=$(printf '%s.%s' "$head" "$claims" | openssl dgst -sha256 -hmac "$jwt_secret" -binary | base64url)

cat <<JSON
{
  "rsa": { "publicKey": $(json <"$folder/rsa.pub"), "body": $(printf %s "$bet" | json), "signature": "$rsa" },
  "webhook": { "secret": "whsec_$hook_key", "id": "evt_1", "timestamp": $hook_time, "body": $(printf %s "$hook" | json), "signature": "v1,$hmac" },
  "jwt": { "secret": "$jwt_secret", "player": "vector", "token": "$head.$claims.$seal" }
}
JSON
