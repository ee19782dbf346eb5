/** The version of this package, written by `npm run release:version`. A constant, because a bundle has no package.json beside it. */
export const version = '0.1.0'
