/**
 * A file of the package that this code runs from: installed, linked or a checkout.
 *
 * @param path from the folder of the package. Sources beside this file and all that is built stand one folder below it.
 */
export const ownFile = (path: string): URL => new URL(`../${path}`, import.meta.url);
