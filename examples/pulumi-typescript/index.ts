import * as cgr from "@pulumi-cgr/cgr";

// The newest build that is at least a week old: every preview follows the tag.
const proxy = new cgr.ImageDigest("proxy", { image: "cgr.dev/chainguard/nginx:latest", minAge: "7d" });

// The build of an instant: resolved once, then kept in the state.
const web = new cgr.ImageDigest("web", { image: "cgr.dev/chainguard/python:latest-dev", at: "2024-06-01T00:00:00Z" });

// The images of a release, as of one instant, until the version changes.
const release = new cgr.ImageDigests("release", {
    images: { app: "cgr.dev/chainguard/php:latest-dev", proxy: "cgr.dev/chainguard/nginx:latest" },
    triggers: { version: "1.4" },
});

export const proxyRef = proxy.ref;
export const webRef = web.ref;
export const appRef = release.refs["app"];

// A digest without a resource.
export const job = cgr.getImageDigestOutput({ image: "cgr.dev/chainguard/static:latest", at: "2024-06-01" }).digest;
