/**
 * By this name partywall/testing finds what a tenancy does after a transaction was rolled back in which tenants were changed. A registered symbol, because a bundle
 * may hold this module twice.
 */
export const lookAgain: unique symbol = Symbol.for('partywall.lookAgain') as never
