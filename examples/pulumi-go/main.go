package main

import (
	"github.com/pulumi-cgr/pulumi-cgr/sdk/go/cgr"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		// The newest build that is at least a week old: every preview follows the tag.
		proxy, err := cgr.NewImageDigest(ctx, "proxy", &cgr.ImageDigestArgs{
			Image:  pulumi.String("cgr.dev/chainguard/nginx:latest"),
			MinAge: pulumi.String("7d"),
		})
		if err != nil {
			return err
		}

		// The build of an instant: resolved once, then kept in the state.
		web, err := cgr.NewImageDigest(ctx, "web", &cgr.ImageDigestArgs{
			Image: pulumi.String("cgr.dev/chainguard/python:latest-dev"),
			At:    pulumi.String("2024-06-01T00:00:00Z"),
		})
		if err != nil {
			return err
		}

		// The images of a release, as of one instant, until the version changes.
		release, err := cgr.NewImageDigests(ctx, "release", &cgr.ImageDigestsArgs{
			Images: pulumi.Map{
				"app":   pulumi.String("cgr.dev/chainguard/php:latest-dev"),
				"proxy": cgr.ImageRuleArgs{Image: pulumi.String("cgr.dev/chainguard/nginx:latest"), BuildsBack: pulumi.Int(1)},
			},
			Triggers: pulumi.StringMap{"version": pulumi.String("1.4")},
		})
		if err != nil {
			return err
		}

		// A digest without a resource.
		job, err := cgr.LookupImageDigest(ctx, &cgr.LookupImageDigestArgs{
			Image: "cgr.dev/chainguard/static:latest",
			At:    pulumi.StringRef("2024-06-01"),
		})
		if err != nil {
			return err
		}

		ctx.Export("proxy", proxy.Ref)
		ctx.Export("web", web.Ref)
		ctx.Export("app", release.Refs.MapIndex(pulumi.String("app")))
		ctx.Export("job", pulumi.String(job.Digest))
		return nil
	})
}
