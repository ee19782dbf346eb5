/** The tokens of providers that are no classes. */
//? if auth
export const AUTH = Symbol('auth')
//? end
export const PROJECTS = Symbol('projects')
