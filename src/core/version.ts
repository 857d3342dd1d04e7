/** This package's version, as servers list it (CLIENT LIST, lib-ver). A test keeps it equal to package.json. */
export const VERSION = '0.1.0'
