"""SCIM 2.0 (RFC 7643 and 7644) at `/scim/v2`: an identity provider keeps people and their groups up to date.

The protocol (filters, PATCH, ETags, paging, discovery) is scim2-server's; here is what its resources are in the hub. A
user is a member that SCIM made: no other member can be seen or changed by this door, whatever `externalId` or id is
given. A group gives its members a role. A key that is bound to an organization sees what it made there, and nothing
else.
"""
