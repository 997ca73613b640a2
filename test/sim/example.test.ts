// The example of a test in virtual time is itself a test.
import '../../examples/virtual-network/transfer.test.ts';
