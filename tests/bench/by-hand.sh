#!/bin/sh
# The documented way, with curl and jq: gets a token and the whole history, in pages of 1,000 records, and chooses the last record
# up to an instant.
#
#     by-hand.sh NAME TAG [INSTANT]
set -eu
token=$(curl -sf "$CGR_REGISTRY/token?scope=repository:$1:pull" | jq -r .token)
url="$CGR_REGISTRY/v2/$1/_chainguard/history/$2"
digest= start=
while :; do
    found=$(curl -sf -H "Authorization: Bearer $token" "$url$start" | jq -r --arg at "${3:-9999}" '
        .history | "\(length) \(last | .updateTimestamp) \(map(select(.updateTimestamp <= $at)) | last | .digest // "")"')
    read -r length last in_page <<FOUND
$found
FOUND
    digest=${in_page:-$digest}
    [ "$length" -lt 1000 ] && break
    start="?start=$last"
done
echo "$digest"
