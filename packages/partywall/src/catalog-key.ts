/** The property by which the parts of the package that are imported on their own (`partywall/jwt`) reach the catalog of a tenancy. Shared by all copies. */
export const catalogKey: unique symbol = Symbol.for('partywall.catalog') as never
