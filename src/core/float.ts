/**
 * Zero, for a field that will hold times, fractions or numbers of 2^31 and more. V8 keeps small integers in a form of their own: when such a
 * field gets its first other number, all objects of the class change their shape, and what was compiled for the old one is thrown away, in
 * the midst of the traffic that made it hot. −0 is no small integer and acts as 0 in sums, products and comparisons. Add 0 to what a user sees.
 */
export const FLOAT_ZERO: number = -0;
