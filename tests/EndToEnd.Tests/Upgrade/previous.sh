#!/usr/bin/env bash
# Builds the services of the previous release, the commit that `previous-release` names, into tests/.tools/previous/COMMIT, from the history of this repository. Does nothing when they are
# there. MAILCLOUD_PREVIOUS=DIR names a folder in which they were built by hand.
set -euo pipefail
cd "$(dirname "$0")/../../.."

commit=$(cat tests/EndToEnd.Tests/Upgrade/previous-release)
into=tests/.tools/previous/$commit
{ [ -n "${MAILCLOUD_PREVIOUS:-}" ] || [ -e "$into" ]; } && exit
# A shallow clone has not got it.
if ! git cat-file -e "$commit^{commit}" 2>/dev/null && ! GIT_TERMINAL_PROMPT=0 git fetch -q --depth 1 origin "$commit"; then
  echo "the previous release, $commit, is not in the history of this repository and cannot be fetched: set MAILCLOUD_PREVIOUS to a folder in which it is built" >&2
  exit 1
fi

echo "building the previous release, $commit"
rm -rf "$into.new"
mkdir -p "$into.new"
git archive "$commit" Directory.Build.props Directory.Packages.props global.json services shared | tar -x -C "$into.new"
for project in Mailboxes LocalDelivery OutboundRelay SmtpIngress MailboxAccess Web; do
  # Its analyzers had their say when it was written.
  dotnet build -c Release -v quiet --nologo -p:RunAnalyzers=false "$into.new/services/$project"
done
mv "$into.new" "$into"
