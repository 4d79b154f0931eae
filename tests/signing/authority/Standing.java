import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateRevokedException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.PKIXRevocationChecker.Option;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What Java's own path validation says of the certificates in a folder: by their issuers' lists, and by answers (OCSP). */
public class Standing {
    static final CertificateFactory X509 = factory();

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        for (String name : List.of(arguments).subList(1, arguments.length)) {
            for (boolean byList : new boolean[] {true, false}) {
                System.out.println(name + (byList ? " list " : " answer ") + verdict(folder, name, byList));
            }
        }
    }

    static String verdict(Path folder, String name, boolean byList) throws Exception {
        X509Certificate leaf = certificate(folder, name), issuing = certificate(folder, "issuing");
        var anchor = new TrustAnchor(certificate(folder, "root"), null);
        var validator = CertPathValidator.getInstance("PKIX");
        var checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        var parameters = new PKIXParameters(Set.of(anchor));
        if (byList) {
            checker.setOptions(EnumSet.of(Option.PREFER_CRLS, Option.NO_FALLBACK));
            var lists = X509.generateCRLs(Files.newInputStream(folder.resolve("crls.pem")));
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
        } else { // whoever issued the issuing authority answers no questions
            checker.setOptions(EnumSet.of(Option.ONLY_END_ENTITY, Option.NO_FALLBACK));
            checker.setOcspResponses(Map.of(leaf, Files.readAllBytes(folder.resolve(name + ".ocsp"))));
        }
        parameters.addCertPathChecker(checker);
        try {
            validator.validate(X509.generateCertPath(List.of(leaf, issuing)), parameters);
            return "good";
        } catch (CertPathValidatorException wrong) {
            if (wrong.getCause() instanceof CertificateRevokedException revoked) {
                return "revoked " + revoked.getRevocationReason();
            }
            return "unsure: " + wrong;
        }
    }

    static X509Certificate certificate(Path folder, String name) throws Exception {
        return (X509Certificate) X509.generateCertificate(Files.newInputStream(folder.resolve(name + ".pem")));
    }

    static CertificateFactory factory() {
        try {
            return CertificateFactory.getInstance("X.509");
        } catch (Exception wrong) {
            throw new IllegalStateException(wrong);
        }
    }
}
