# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Errors about builds: the registry answered, but has nothing that matches."""

from __future__ import annotations

from .base import CgrError


class NoSuchBuild(CgrError):
    """The registry answered, but has nothing that matches.

    Fix: Compare the image and the rule with what the registry has.
    """

    error_code = "not_found"


class UnknownOrganisation(NoSuchBuild):
    """The organisation does not exist in the registry.

    Fix: Check its spelling: `chainctl iam organizations list` shows yours.
    """

    error_code = "unknown_organisation"


class UnknownRepository(NoSuchBuild):
    """The repository does not exist in the registry.

    Fix: Check its spelling: `chainctl images repos list --parent ORG` shows those of an organisation.
    """

    error_code = "unknown_repository"


class UnknownTag(NoSuchBuild):
    """The tag does not exist in the repository, or has no history.

    Fix: Check its spelling, and that the repository still has it; not every tag of an upstream image exists.
    """

    error_code = "unknown_tag"


class BeforeFirstBuild(NoSuchBuild):
    """`at` is before the first build that the tag pointed at.

    Fix: Ask for an instant after the one in the message, or for an older tag.
    """

    error_code = "before_first_build"
    argument = "at"


class NoBuildFits(NoSuchBuild):
    """No build is old enough, all of them are excluded, or the tag does not have that many.

    Fix: Reduce `min_age` or `builds_back`, or remove a digest from `exclude`; `digest` pins one regardless of the rule.
    """

    error_code = "no_build_fits"


class UnknownPlatform(NoSuchBuild):
    """The image is not built for the platform, or is a single image without a list of platforms.

    Fix: Ask for one of the platforms that the message lists, or omit `platform`.
    """

    error_code = "unknown_platform"
    argument = "platform"


class Gone(NoSuchBuild):
    """The registry does not serve the digest, although the tag has pointed at it.

    Fix: Ask for another build, with `on_denied` `older`, `at` or `exclude`.
    """

    error_code = "gone"
